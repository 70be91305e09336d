import swagger from "@fastify/swagger";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { refuse } from "../port/errors.ts";
import { Context } from "./context.ts";
import { addAssessments } from "./assessments.ts";
import { addCertificates, addOcsp } from "./certificates.ts";
import { addCompliance } from "./compliance.ts";
import { addBackups } from "./backups.ts";
import { addCustodians } from "./custodians.ts";
import { addDestructions } from "./destructions.ts";
import { DirectRoutes } from "./direct.ts";
import { addDoctor } from "./doctor.ts";
import { addDrills } from "./drills.ts";
import { addEvents } from "./events.ts";
import { eventsSocket } from "./eventsSocket.ts";
import { liveSocket } from "./liveSocket.ts";
import { hotNotesOf, type HotNotes } from "./hot/notes.ts";
import { hotPortsOf, type HotPorts } from "./hot/ports.ts";
import { addIntents } from "./intents.ts";
import { jsonReader } from "./json.ts";
import { addKeyChanges } from "./keyChanges.ts";
import { addKeyExport } from "./keyExport.ts";
import { addKeyOperations } from "./keyOperations.ts";
import { addKeys } from "./keys.ts";
import { addLineage } from "./lineage.ts";
import { addManagedKeys } from "./managedKeys.ts";
import type { ApiOptions, ApiPorts } from "./ports.ts";
import { addPage } from "./page.ts";
import { addPairedKeys } from "./pairedKeys.ts";
import { addProbes } from "./probes.ts";
import { compileValidator, parseQuery } from "./query.ts";
import { addRandom } from "./random.ts";
import { requestIds } from "./requestId.ts";
import { BODY_LIMIT_BYTES, rowOf, type RouteRow } from "./route.ts";
import { addRecall } from "./recall.ts";
import { rasterSocket } from "./rasterSocket.ts";
import { addReceipted } from "./receipted.ts";
import { addSession } from "./session.ts";
import { addSeal } from "./seal.ts";
import { addSources } from "./sources.ts";
import { addTaps } from "./taps.ts";
import { addStatus } from "./status.ts";
import { addStatusList, statusListSocket } from "./statusList.ts";
import { addStream } from "./stream.ts";
import { streamSocket } from "./streamSocket.ts";
import { addTransparency } from "./transparency.ts";
import { addTokens } from "./tokens.ts";
import { Upgrades } from "./upgrade.ts";

declare module "fastify" {
  interface FastifyInstance {
    /** Every route of HTTP with its roles, for the documentation and the tests. */
    routeRows: RouteRow[];
    upgrades: Upgrades;
    directRoutes: DirectRoutes;
    /** For what is answered in front of all HTTP: see `hot/`. */
    hot: HotPorts;
    /** For what is answered there in other threads. */
    hotNotes: HotNotes;
  }
}

/** `/v1/sources/:id` as what it matches; ids hold no slash, and `*` holds anything. */
function matcher(url: string): RegExp {
  const escaped = url.replaceAll(".", "\\.").replace("*", ".*");
  return new RegExp(`^${escaped.replaceAll(/:[a-zA-Z]+/g, "[^/]+")}$`);
}

/**
 * Every front door over the ports. Nothing listens yet: see `listen.ts`, or `inject` in a test.
 * fastify's own logging is off: what is logged is decided here, and holds no header, URL or body.
 */
export function buildApi(ports: ApiPorts, options: ApiOptions): FastifyInstance {
  const context = new Context(ports, options);
  const nextId = requestIds();
  const app = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    genReqId: nextId,
    return503OnClosing: false,
    // Given here and not set later, so that fastify's own are not even loaded at the start.
    schemaController: {
      compilersFactory: {
        buildValidator: () => compileValidator as never,
        buildSerializer: () => () => JSON.stringify,
      },
    },
    routerOptions: { querystringParser: parseQuery, maxParamLength: 200 },
    // A path that cannot be decoded reaches no route and no handler of ours.
    frameworkErrors(error, request, reply) {
      context.fail(request as Parameters<typeof context.fail>[0], reply as never, error);
    },
  });

  app.decorateRequest("principal", null);
  app.decorateRequest("startedMilliseconds", 0);
  app.decorate("routeRows", []);
  const readJson = jsonReader(app);
  const directRoutes = new DirectRoutes(context, nextId, readJson);
  app.decorate("directRoutes", directRoutes);
  app.decorate("hot", hotPortsOf(context, nextId, directRoutes.find));
  app.decorate("hotNotes", hotNotesOf(context));
  app.decorate(
    "upgrades",
    new Upgrades(context, nextId, [
      streamSocket(context),
      eventsSocket(context),
      liveSocket(context),
      rasterSocket(context),
      statusListSocket(context),
    ]),
  );
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>(
    "application/json",
    { parseAs: "string" },
    (_request, body, done) => {
      let value: unknown;
      try {
        value = readJson(body);
      } catch (error) {
        done(error as Error, undefined);
        return;
      }
      done(null, value);
    },
  );
  app.setErrorHandler((error, request, reply) => context.fail(request, reply, error));

  const methodsOf = new Map<string, { readonly match: RegExp; readonly methods: string[] }>();
  app.addHook("onRoute", ({ method, url, config }) => {
    const { permission, summary, bodyLimitBytes } = config ?? {};
    if (permission === undefined) throw new Error(`the route ${url} has no permission`);
    const methods = [method].flat();
    const known = methodsOf.get(url) ?? { match: matcher(url), methods: [] };
    methodsOf.set(url, known);
    known.methods.push(...methods);
    for (const one of methods)
      app.routeRows.push(rowOf(one, url, permission, summary ?? "", bodyLimitBytes));
  });

  const answerUnknown = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const path = request.url.split("?", 1)[0]!;
    const foreign = context.hosts.checkHost(request.headers.host);
    if (foreign) return context.refuse(request, reply, foreign);
    const methods = [...methodsOf.values()].flatMap(({ match, methods: of }) =>
      match.test(path) ? of : [],
    );
    if (methods.length === 0)
      return context.refuse(request, reply, refuse("not_found", "There is no such route."));
    const allow = [...new Set(methods)].sort().join(", ");
    return context.refuse(
      request,
      reply.header("allow", allow),
      refuse("method_not_allowed", `This route takes ${allow}.`),
    );
  };
  app.setNotFoundHandler(answerUnknown);
  // Before a body is read, whatever is said of it: there is nobody it could be for.
  app.addHook("onRequest", (request, reply, done) => {
    if (request.is404) answerUnknown(request, reply);
    else done();
  });

  app.addHook("preClose", (done) => {
    context.stopping.abort();
    done();
  });

  void app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "springhouse",
        version: options.version,
        description:
          "Random bytes and keys that come with proof: every output can be traced to the noise behind it, and every refusal is explained.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" } as never,
      },
      components: {
        securitySchemes: {
          token: { type: "http", scheme: "bearer", description: "`sph_` and 43 characters." },
          certificate: { type: "mutualTLS" } as never,
          session: { type: "apiKey", in: "cookie", name: "__Host-springhouse" },
        },
      },
      security: [{ token: [] }, { certificate: [] }, { session: [] }],
    },
    // A literal keeps its JSON Schema form, which 3.1 allows.
    convertConstToEnum: false,
  });
  void app.register((routes, _options, done) => {
    addRandom(routes, context);
    addReceipted(routes, context);
    addStream(routes, context);
    addKeys(routes, context);
    addManagedKeys(routes, context);
    addKeyChanges(routes, context);
    addKeyOperations(routes, context);
    addKeyExport(routes, context);
    addPairedKeys(routes, context);
    addStatusList(routes, context);
    addCertificates(routes, context);
    addCompliance(routes, context);
    void routes.register((requests, _none, registered) => {
      addOcsp(requests, context);
      registered();
    });
    addStatus(routes, context);
    addSources(routes, context);
    addTaps(routes, context);
    addLineage(routes, context);
    addRecall(routes, context);
    void routes.register((uploads, _none, registered) => {
      addAssessments(uploads, context);
      registered();
    });
    addDoctor(routes, context);
    addDrills(routes, context);
    addEvents(routes, context);
    addTransparency(routes, context);
    addTokens(routes, context);
    addSeal(routes, context);
    addIntents(routes, context);
    addCustodians(routes, context);
    addDestructions(routes, context);
    addBackups(routes, context);
    addSession(routes, context);
    addPage(routes, context);
    addProbes(routes, context);
    done();
  });
  return app;
}

/** Every route of HTTP; HEAD goes with GET. The WebSockets are in `app.upgrades.rows`. */
export async function listRoutes(app: FastifyInstance): Promise<readonly RouteRow[]> {
  await app.ready();
  return app.routeRows.filter((row) => row.method !== "HEAD");
}

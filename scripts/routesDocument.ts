import { STATUS_CODES } from "node:http";
import { PERMISSIONS, type Permission } from "../src/access/permissions.ts";
import { buildApi, listRoutes } from "../src/api/app.ts";
import type { ApiPorts } from "../src/api/ports.ts";
import type { RouteRow } from "../src/api/route.ts";
import { ROLES } from "../src/port/principal.ts";
import { allowed, NOTE, table, type Documented } from "./markdown.ts";

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Documented;
}

interface Answer {
  readonly description: string;
  readonly content?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, unknown>>;
}

interface Operation {
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Documented }>>;
  };
  readonly responses: Readonly<Record<string, Answer>>;
}

const code = (text: string): string => `\`${text}\``;

function rolesText(permission: Permission): string {
  const { roles } = PERMISSIONS[permission];
  return roles.length === ROLES.length ? "every" : roles.join(", ");
}

function overview(rows: readonly RouteRow[]): string {
  return table(
    ["method", "path", "roles", "does"],
    rows.map(({ method, path, permission, summary }) => [
      method,
      code(path),
      rolesText(permission),
      summary,
    ]),
  );
}

function fields(operation: Operation): string {
  const body = operation.requestBody?.content["application/json"]?.schema;
  const required = new Set(body?.required);
  const rows = [
    ...(operation.parameters ?? []).map(
      ({ name, in: where, required: must, description, schema }) => ({
        name,
        where,
        must,
        schema,
        description: description ?? schema.description,
      }),
    ),
    ...Object.entries(body?.properties ?? {}).map(([name, schema]) => ({
      name,
      where: "body",
      must: required.has(name),
      schema,
      description: schema.description,
    })),
  ];
  if (rows.length === 0) return "";
  const cells = rows.map(({ name, where, must, schema, description }) => [
    code(name),
    must ? `${where}, required` : where,
    allowed(schema),
    schema.default === undefined ? "" : code(JSON.stringify(schema.default)),
    description ?? "",
  ]);
  return `${table(["parameter", "in", "allowed", "default", "what it is"], cells)}\n`;
}

function answers({ responses }: Operation): string {
  const statuses = Object.entries(responses);
  const good = statuses.filter(([status]) => Number(status) < 400);
  const lines = good.map(([status, { description, content, headers }]) => {
    const types = Object.keys(content ?? {}).map(code);
    const named = Object.keys(headers ?? {}).map(code);
    return [
      `Answers ${status}: ${description}`,
      types.length > 0 ? ` As ${types.join(", ")}.` : "",
      named.length > 0 ? ` Headers: ${named.join(", ")}.` : "",
    ].join("");
  });
  const bad = statuses.filter(([status]) => Number(status) >= 400).map(([status]) => status);
  return `${lines.join("\n")}${bad.length > 0 ? ` Or a problem: ${bad.join(", ")}.` : ""}\n`;
}

function section({ method, path, summary }: RouteRow, operation: Operation): string {
  const more = operation.description === undefined ? "" : ` ${operation.description}`;
  return `### ${method} ${path}\n\n${summary}.${more}\n\n${fields(operation)}${answers(operation)}`;
}

/** The statuses that sections name by number alone. */
function statuses(operations: readonly Operation[]): string {
  const known = new Map<string, string>();
  for (const { responses } of operations)
    for (const [status, { description }] of Object.entries(responses))
      if (Number(status) >= 400) known.set(status, description);
  const rows = [...known]
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([status, description]) => [status, STATUS_CODES[status] ?? "", description]);
  return table(["status", "", "when"], rows);
}

/** `docs/routes.md`, from the routes as they are registered and the OpenAPI document made of them. */
export async function routesDocument(): Promise<string> {
  // Routes are only registered, never asked: nothing stands behind them.
  const nothing = {
    access: {},
    events: { subscribe: () => () => {} },
    managed: {},
    assessments: { maximumSamples: 1 },
  } as unknown as ApiPorts;
  const app = buildApi(nothing, { version: "", hosts: null, origins: [], publicProbes: true });
  const rows = await listRoutes(app);
  const sockets = app.upgrades.rows;
  const { paths } = app.swagger() as unknown as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  await app.close();
  const operations = rows.map(({ method, path }) => paths[path]![method.toLowerCase()]!);
  const permissions = [...new Set([...rows, ...sockets].map(({ permission }) => permission))];
  return [
    `# Routes\n\n${NOTE}Send \`Authorization: Bearer TOKEN\`, or a client certificate that the configuration names. HEAD is answered wherever GET is, and draws nothing. A parameter that a route does not have is a fault. \`/openapi.json\` has the same, for machines; the codes of problems are in [errors.md](errors.md).\n`,
    overview([...rows, ...sockets]),
    "`/healthz`, `/readyz`, `/metrics` and `/openapi.json` need no token unless `publicProbes` is off.\n",
    "## Who may, and why\n",
    table(
      ["permission", "roles", "routes", "why"],
      permissions.map((permission) => [
        permission,
        rolesText(permission),
        [...rows, ...sockets]
          .filter((row) => row.permission === permission)
          .map(({ method, path }) => code(`${method} ${path}`))
          .join(", "),
        PERMISSIONS[permission].why,
      ]),
    ),
    "## One by one\n",
    ...rows.map((row, index) => section(row, operations[index]!)),
    "## Statuses of problems\n",
    "Besides these, 404 for a path that is no route's, and 405 with `Allow` for a method that a path does not have.\n",
    statuses(operations),
  ].join("\n");
}

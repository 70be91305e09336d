import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { parseConfiguration } from "../../src/config/parse.ts";

/* What no tool here can try: the container image and the Kubernetes example, by their structure. */

const ROOT = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

test("the package's configuration is taken as it is, and with all that it shows", () => {
  const text = read("packaging/debian/springhouse.yaml");
  expect(parseConfiguration(text).sources).toEqual([]);
  // A sentence begins with `# `; a field that is commented out with `#`, and what is in it with `#  `.
  const shown = text.replaceAll(/^#(?=[a-z]|  )/gm, "");
  const configuration = parseConfiguration(shown);
  expect(configuration.sources).toHaveLength(1);
  expect(configuration.tls?.certificate).toBe("/etc/springhouse/tls/certificate.pem");
  expect(configuration.seal.keyFiles).toEqual([{ name: "unseal", credential: "key_unseal" }]);
});

test("the sum of the Node.js that is packaged is known for both processors", () => {
  const { devDependencies } = JSON.parse(read("package.json")) as {
    devDependencies: Record<string, string>;
  };
  for (const processor of ["x64", "arm64"])
    expect(read("packaging/node.integrity")).toMatch(
      new RegExp(`^node-linux-${processor}@${devDependencies["node"]} sha512-\\S{88}$`, "m"),
    );
});

test("the image is made of what the clone has, and runs as nobody in particular", () => {
  const lines = read("packaging/Containerfile").replaceAll("\\\n", " ").split("\n");
  const ignored = read(".containerignore").split("\n");
  const stages = lines.filter((line) => line.startsWith("FROM "));
  expect(stages).toHaveLength(2);
  expect(stages[1]).toMatch(/^FROM docker\.io\/library\/debian:bookworm-slim$/);
  for (const line of lines.filter((one) => /^COPY (?!--from)/.test(one)))
    for (const path of line.split(" ").slice(1, -1)) {
      expect(existsSync(new URL(path, ROOT)), path).toBe(true);
      if (path !== ".") expect(ignored).toContain(`!${path.split("/")[0]}`);
    }
  for (const needed of ["bin", "packaging", "src", "LICENSE", "tsconfig.build.json"])
    expect(ignored).toContain(`!${needed}`);
  const last = lines.slice(lines.indexOf(stages[1]!));
  expect(last.findLast((line) => line.startsWith("USER "))).toMatch(/^USER [1-9]\d*:[1-9]\d*$/);
  expect(last.join("\n")).toContain("COPY --from=build /tree /usr/lib/springhouse");
});

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
  // oxlint-disable-next-line typescript/no-explicit-any -- each kind has a shape of its own
  readonly spec?: any;
}

test("the Kubernetes example holds together", () => {
  const manifests = parseAllDocuments(read("packaging/kubernetes/springhouse.yaml")).map(
    (document) => document.toJS() as Manifest,
  );
  const of = (kind: string): Manifest => manifests.find((one) => one.kind === kind)!;
  expect(manifests.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).toEqual([
    "v1 Namespace",
    "v1 ConfigMap",
    "apps/v1 DaemonSet",
    "v1 Service",
    "monitoring.coreos.com/v1 ServiceMonitor",
  ]);
  for (const { metadata } of manifests.slice(1)) expect(metadata.namespace).toBe("springhouse");

  const { template, selector } = of("DaemonSet").spec;
  const { labels } = template.metadata;
  expect(selector.matchLabels).toEqual(labels);
  expect(of("Service").spec.selector).toEqual(labels);
  expect(of("ServiceMonitor").spec.selector.matchLabels).toEqual(labels);

  const pod = template.spec;
  const volumes = pod.volumes.map(({ name }: { name: string }) => name);
  const [container] = pod.containers;
  const all = [...pod.initContainers, container];
  const mounts = all.flatMap(({ volumeMounts }) => volumeMounts) as {
    name: string;
    mountPath: string;
  }[];
  expect([...new Set(mounts.map(({ name }) => name))].toSorted()).toEqual(volumes.toSorted());
  const ports = container.ports.map(({ name }: { name: string }) => name);
  expect(ports).toContain(of("Service").spec.ports[0].targetPort);
  expect(of("ServiceMonitor").spec.endpoints[0].port).toBe(of("Service").spec.ports[0].name);
  for (const probe of ["readinessProbe", "livenessProbe"])
    expect(ports).toContain(container[probe].httpGet.port);

  // The very configuration that it gives, and what that names.
  const configuration = parseConfiguration(of("ConfigMap").data!["springhouse.yaml"]!);
  const mounted = container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath);
  const isMounted = (path: string): boolean =>
    mounted.some((folder: string) => path === folder || path.startsWith(`${folder}/`));
  const [source] = configuration.sources as readonly { readonly path?: string }[];
  const { certificate, key } = configuration.tls!;
  for (const path of [certificate, key, source!.path!]) expect(isMounted(path), path).toBe(true);
  expect(configuration.listen.endsWith(`:${container.ports[0].containerPort}`)).toBe(true);
  const credentials = container.env.find(
    ({ name }: { name: string }) => name === "CREDENTIALS_DIRECTORY",
  );
  expect(isMounted(credentials.value)).toBe(true);
  // By the user that the image has.
  expect(read("packaging/Containerfile")).toContain(`USER ${pod.securityContext.runAsUser}:`);
});

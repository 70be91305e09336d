import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { expect, test } from "vitest";
import { parseConfiguration } from "../../../src/config/parse.ts";
import { DASHBOARDS } from "../../../src/telemetry/dashboards/dashboards.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const yaml = (path: string): unknown => parse(readFileSync(ROOT + path, "utf8"));

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly volumes: readonly string[];
        readonly network_mode?: string;
        readonly depends_on?: readonly string[];
        readonly ports?: readonly string[];
        readonly environment?: Readonly<Record<string, string>>;
        readonly command?: readonly string[];
      }
    >
  >;
  readonly volumes: Readonly<Record<string, null>>;
}

const COMPOSE = "packaging/compose.yaml";
const compose = yaml(COMPOSE) as Compose;
const services = Object.entries(compose.services);

/** Where a path inside a container is in the project; null where it is not. */
function inProject(service: string, path: string): string | null {
  for (const volume of compose.services[service]!.volumes) {
    const [from, to] = volume.split(":") as [string, string];
    if (from.startsWith(".") && (path === to || path.startsWith(`${to}/`)))
      return resolve(ROOT, dirname(COMPOSE), from) + path.slice(to.length);
  }
  return null;
}

test("every path that the compose file mounts is there, and every volume is declared", () => {
  for (const [name, { volumes }] of services)
    for (const volume of volumes) {
      const [from] = volume.split(":") as [string];
      if (from.startsWith(".")) {
        expect(existsSync(resolve(ROOT, dirname(COMPOSE), from)), `${name}: ${volume}`).toBe(true);
        expect(volume, "what is generated is not written to").toMatch(/:ro$/);
      } else expect(Object.keys(compose.volumes)).toContain(from);
    }
});

test("nothing leaves the namespace of springhouse but Grafana, and that to this machine", () => {
  expect(Object.keys(compose.services)).toEqual(["springhouse", "prometheus", "grafana"]);
  for (const [name, { network_mode, ports, depends_on }] of services) {
    expect(network_mode).toBe(name === "springhouse" ? undefined : "service:springhouse");
    for (const port of ports ?? []) expect(port).toBe("127.0.0.1:3000:3000");
    for (const other of depends_on ?? []) expect(compose.services).toHaveProperty(other);
  }
});

test("Prometheus scrapes where springhouse listens by default, under the name that the alerts use", () => {
  const file = inProject("prometheus", "/etc/prometheus/prometheus.yml")!;
  const { rule_files: rules, scrape_configs: jobs } = parse(readFileSync(file, "utf8")) as {
    rule_files: string[];
    scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
  };
  expect(jobs.map(({ job_name }) => job_name)).toEqual(["springhouse"]);
  expect(jobs[0]!.static_configs[0]!.targets).toEqual([parseConfiguration("").listen]);
  // Beside its configuration, in the project and in the container.
  for (const rule of rules)
    for (const path of [
      join(dirname(file), rule),
      inProject("prometheus", join("/etc/prometheus", rule)),
    ])
      expect(existsSync(path!), rule).toBe(true);
});

test("Grafana finds its data source, its provider, and all four dashboards", () => {
  const folder = inProject("grafana", "/etc/grafana/provisioning")!;
  expect(readdirSync(folder).toSorted()).toEqual(["dashboards", "datasources"]);
  const provisioned = "dashboards/provisioning";
  const { providers } = yaml(`${provisioned}/dashboards/springhouse.yaml`) as {
    providers: { type: string; options: { path: string } }[];
  };
  expect(providers[0]!.type).toBe("file");
  const files = readdirSync(inProject("grafana", providers[0]!.options.path)!);
  expect(files.toSorted()).toEqual(DASHBOARDS.map(({ uid }) => `${uid}.json`).toSorted());
  const home =
    compose.services["grafana"]!.environment!["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]!;
  expect(existsSync(inProject("grafana", home)!)).toBe(true);
  const { datasources } = yaml(`${provisioned}/datasources/springhouse.yaml`) as {
    datasources: {
      type: string;
      url: string;
      isDefault: boolean;
      jsonData: { timeInterval: string };
    }[];
  };
  const listen = compose.services["prometheus"]!.command!.find((word) => word.includes("listen"))!;
  expect(datasources[0]).toMatchObject({ type: "prometheus", isDefault: true });
  expect(datasources[0]!.url).toBe(`http://${listen.split("=")[1]}`);
  const { global } = yaml("dashboards/prometheus.yml") as { global: { scrape_interval: string } };
  expect(datasources[0]!.jsonData.timeInterval).toBe(global.scrape_interval);
});

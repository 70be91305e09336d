import type { DoorFigures } from "../../port/live.ts";
import type { InstanceSnapshot, ServiceSnapshot } from "../../port/snapshot.ts";
import { byId, element, Rows, setAttributes, setText } from "./dom.ts";
import { bytes, duration, type Rates } from "./format.ts";

/** SP 800-90C: with sources of its own no more than 2^17 bits leave an instance on one seed. */
const SEED_BYTES = 16_384;

interface Wheel {
  readonly instance: InstanceSnapshot;
  readonly door: DoorFigures | undefined;
  readonly isBounded: boolean;
  readonly now: number;
  /** Bytes a second. */
  readonly rate: number;
}

/** The DRBG instances, each with its seed and with what leaves by its door. */
export class Instances {
  readonly #rates: Rates;
  readonly #views = new Map<string, HTMLElement>();
  readonly #totals = new Map<string, { seed: string | null; bytes: number; total: number }>();
  readonly #rows: Rows<Wheel>;

  constructor(rates: Rates) {
    this.#rates = rates;
    const list = element("ul", { class: "wheels" });
    this.#rows = new Rows<Wheel>(
      list,
      ({ instance }) => instance.id,
      ({ instance }) => {
        const view = makeWheel();
        this.#views.set(instance.id, view.element);
        return view;
      },
    );
    byId("instances").replaceChildren(element("h2", {}, "Instances and their doors"), list);
  }

  /** @returns where each is, and how many bytes a second leave by it */
  update(
    { instances, outlets, shape }: ServiceSnapshot,
    doors: readonly DoorFigures[],
    now: number,
  ): { id: string; element: HTMLElement; rate: number; isReady: boolean }[] {
    const wheels = instances.map((instance) => {
      const door = doors.find((one) => one.door === instance.id);
      // The door's figure is that of every thread that answers there.
      const isShared = instance.id === "http" && outlets.configured > 1;
      const given = door && !isShared ? door.outputBytes : this.#given(instance);
      const rate = this.#rates.next(`door ${instance.id}`, given, now);
      return { instance, door, rate, now, isBounded: shape !== "RBGC" };
    });
    this.#rows.update(wheels);
    return wheels.map(({ instance: { id, state }, rate }) => ({
      id,
      element: this.#views.get(id)!,
      rate,
      isReady: state === "ready",
    }));
  }

  /** What one gave that has no door, or shares it: added up over its seeds. */
  #given({ id, seed, outputBytesSinceSeed: bytes }: InstanceSnapshot): number {
    const last = this.#totals.get(id) ?? { seed, bytes, total: 0 };
    const total = last.total + (seed === last.seed ? bytes - last.bytes : bytes);
    this.#totals.set(id, { seed, bytes, total });
    return total;
  }
}

function makeWheel() {
  const name = element("h3");
  const state = element("span", { class: "state" });
  const fill = element("span", { class: "fill" });
  const gauge = element("span", { class: "gauge", "aria-hidden": "true" }, fill);
  const seed = element("p", { class: "facts" });
  const figure = element("p", { class: "figure" });
  const item = element(
    "li",
    { class: "wheel" },
    element("header", {}, name, state),
    figure,
    gauge,
    seed,
  );
  return {
    element: item,
    update({ instance, door, isBounded, now, rate }: Wheel): void {
      const { seedMilliseconds, seedSources, outputBytesSinceSeed, preparedSeeds } = instance;
      setAttributes(item, { "data-state": instance.state });
      setText(name, instance.id);
      const refused = door && door.refused > 0 ? `${door.refused} refused` : "";
      setText(state, instance.state === "ready" ? refused : instance.state);
      const spent = isBounded ? Math.min(1, outputBytesSinceSeed / SEED_BYTES) : 0;
      fill.style.inlineSize = `${(spent * 100).toFixed(1)}%`;
      setAttributes(gauge, { hidden: !isBounded });
      const age = seedMilliseconds === null ? "none" : duration(now - seedMilliseconds);
      const of = seedSources === 1 ? "1 source" : `${seedSources} sources`;
      setText(seed, `seed ${age} · ${of} · ${preparedSeeds} ahead`);
      const bound = isBounded ? " of the 16 KiB that a seed is good for" : "";
      const title = `Seed ${instance.seed ?? "none"}. ${bytes(outputBytesSinceSeed)}${bound} were given; ${preparedSeeds} seeds are prepared ahead.`;
      setAttributes(item, { title });
      setText(figure, rate >= 1 ? `${bytes(rate)}/s` : "quiet");
    },
  };
}

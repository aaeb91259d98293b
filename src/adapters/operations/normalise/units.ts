/** Factor to the base unit of each kind; a temperature also has an offset. */
const kinds: Record<string, Record<string, number | [number, number]>> = {
  length: {
    nm: 1e-9, um: 1e-6, mm: 0.001, cm: 0.01, dm: 0.1, m: 1, km: 1000, in: 0.0254, ft: 0.3048, yd: 0.9144, mi: 1609.344, nmi: 1852,
  },
  mass: { mg: 1e-6, g: 0.001, kg: 1, t: 1000, oz: 0.028349523125, lb: 0.45359237, st: 6.35029318 },
  time: { us: 1e-6, ms: 0.001, s: 1, min: 60, h: 3600, d: 86_400, wk: 604_800 },
  speed: { 'm/s': 1, 'km/h': 1 / 3.6, mph: 0.44704, kn: 1852 / 3600, 'ft/s': 0.3048 },
  area: { mm2: 1e-6, cm2: 1e-4, m2: 1, ha: 10_000, km2: 1e6, ft2: 0.09290304, ac: 4046.8564224, mi2: 2_589_988.110336 },
  volume: { ml: 1e-6, cl: 1e-5, l: 0.001, m3: 1, tsp: 4.92892159375e-6, floz: 2.95735295625e-5, cup: 2.365882365e-4, pt: 4.73176473e-4, gal: 0.003785411784, impgal: 0.00454609 },
  pressure: { Pa: 1, hPa: 100, kPa: 1000, bar: 100_000, mbar: 100, atm: 101_325, psi: 6894.757293168, mmHg: 133.322387415 },
  energy: { J: 1, kJ: 1000, MJ: 1e6, cal: 4.184, kcal: 4184, Wh: 3600, kWh: 3.6e6, MWh: 3.6e9, BTU: 1055.05585262 },
  power: { W: 1, kW: 1000, MW: 1e6, hp: 745.6998715822702, PS: 735.49875 },
  data: { bit: 0.125, B: 1, KB: 1000, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 },
  angle: { rad: 1, deg: Math.PI / 180, gon: Math.PI / 200 },
  temperature: { K: 1, C: [1, 273.15], F: [5 / 9, 459.67 * (5 / 9)] },
} // biome-ignore format: a table

export const unitNames: readonly string[] = Object.values(kinds).flatMap((units) => Object.keys(units))

/** y = scale · x + offset turns one unit into another; undefined when they measure different things. */
export function conversionOf(from: string, to: string): { scale: number; offset: number } | undefined {
  const kind = Object.values(kinds).find((units) => Object.hasOwn(units, from) && Object.hasOwn(units, to))
  if (!kind) return undefined
  const [a, b] = [kind[from]!, kind[to]!].map((one) => (typeof one === 'number' ? ([one, 0] as const) : one))
  return { scale: a![0] / b![0], offset: (a![1] - b![1]) / b![0] }
}

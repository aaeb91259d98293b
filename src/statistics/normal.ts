import { upperGamma } from './gamma.ts'

/** P(Z > z) for a standard normal Z, exact in the far tail: ½ Q(½, z²/2). */
export const normalUpper = (z: number): number =>
  z >= 0 ? 0.5 * upperGamma(0.5, (z * z) / 2) : 1 - 0.5 * upperGamma(0.5, (z * z) / 2)

/** P(Z ≤ z) for a standard normal Z. */
export const normalCdf = (z: number): number => normalUpper(-z)

/** P(|Z| ≥ |z|) for a standard normal Z. */
export const normalTwoSided = (z: number): number => upperGamma(0.5, (z * z) / 2)

const tail = (q: number) => {
  const c = [
    -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ]
  const d = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416]
  return (
    (((((c[0]! * q + c[1]!) * q + c[2]!) * q + c[3]!) * q + c[4]!) * q + c[5]!) /
    ((((d[0]! * q + d[1]!) * q + d[2]!) * q + d[3]!) * q + 1)
  )
}

const middle = (q: number) => {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
  ]
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572]
  const r = q * q
  return (
    ((((((a[0]! * r + a[1]!) * r + a[2]!) * r + a[3]!) * r + a[4]!) * r + a[5]!) * q) /
    (((((b[0]! * r + b[1]!) * r + b[2]!) * r + b[3]!) * r + b[4]!) * r + 1)
  )
}

/** The z with P(Z ≤ z) = p: Acklam's rational approximation, refined by two steps of Halley's method. */
export function normalQuantile(p: number): number {
  if (!(p > 0)) return p === 0 ? -Infinity : Number.NaN
  if (p >= 1) return p === 1 ? Infinity : Number.NaN
  if (p > 0.5) return -lowerHalf(1 - p)
  return lowerHalf(p)
}

function lowerHalf(p: number): number {
  let z = p < 0.02425 ? tail(Math.sqrt(-2 * Math.log(p))) : middle(p - 0.5)
  for (let i = 0; i < 2; i++) {
    const u = (normalCdf(z) - p) * Math.sqrt(2 * Math.PI) * Math.exp((z * z) / 2)
    z -= u / (1 + (z * u) / 2)
  }
  return z
}

/**
 * onnxruntime's Linux builds (since 1.29) report sessions and models to their maker unless this is set before the first one.
 * A server that people run themselves tells nobody what it serves. For this process, on import, and for those it starts.
 */
export const noTelemetry = { ORT_DISABLE_TELEMETRY: '1' }
Object.assign(process.env, noTelemetry)

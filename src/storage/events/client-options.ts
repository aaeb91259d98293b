import { type ClickHouseClientConfigOptions, ClickHouseLogLevel } from '@clickhouse/client'

/** Settings of the official client that both kinds share. */
export const clientOptions = {
  application: 'kedge',
  // building a dataset may take long; who wants less gives a signal
  request_timeout: 3_600_000,
  max_open_connections: 32,
  // many ids as a parameter do not fit a URL
  use_multipart_params_auto: true,
  // the client's own lines would say twice what the errors say, with the SQL in them
  log: { level: ClickHouseLogLevel.OFF },
} as const satisfies ClickHouseClientConfigOptions

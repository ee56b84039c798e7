import type { Context } from 'hono'
import type { HttpEnv } from './context'

/** The absolute URL of `path` for the client of this request: under the token of its path, if it has one. */
export function ownUrl(c: Context<HttpEnv>, path: `/${string}`): string {
  const pathToken = c.get('pathToken')
  return `${c.get('gatewayUrl')}${pathToken === undefined ? '' : `/g/${pathToken}`}${path}`
}

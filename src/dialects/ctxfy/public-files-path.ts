import type { Context } from 'hono'
import type { HttpEnv } from '../../http/context'

/** Where the Worker serves public files, below the gateway's URL. */
export const publicFilesPath = '/public'

/** The URL below which the Worker serves public files, without a trailing slash. */
export function publicFilesUrl(c: Context<HttpEnv>): string {
  return `${c.get('gatewayUrl')}${publicFilesPath}`
}

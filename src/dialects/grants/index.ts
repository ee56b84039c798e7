import { authenticateRequest, bearerToken } from '../../http/authenticate-request'
import type { Dialect } from '../../http/mount'
import { problems } from '../../http/problem-details'
import { createGrantOperation } from './operations/create-grant'
import { getGrantOperation } from './operations/get-grant'
import { listGrantsOperation } from './operations/list-grants'
import { openGrantOperation } from './operations/open-grant'
import { putFileOperation } from './operations/put-file'
import { revokeGrantOperation } from './operations/revoke-grant'
import { asksForPage } from './upload-page'

/** For those who give grants out: `/v1/grants`. */
export const grantsDialect: Dialect = {
  path: '/v1/grants',
  operations: [createGrantOperation, listGrantsOperation, getGrantOperation, revokeGrantOperation],
  guards: [''],
  owns: [''],
  authenticate: (c) => authenticateRequest(c, bearerToken(c)),
  ...problems,
}

/**
 * For those who have one: `/g/{token}`. Paths of other dialects below it never come here: they are routed as if the token
 * were a header. `storeOrigin` is the one other host that the page for people may call.
 */
export function grantHolderDialect({ storeOrigin }: { storeOrigin: string }): Dialect {
  return {
    path: '/g',
    operations: [openGrantOperation(storeOrigin), putFileOperation],
    guards: [''],
    owns: [''],
    // The page is the same for every token. It asks about its own, and says what is wrong with that.
    authenticate: async (c) => asksForPage(c) || authenticateRequest(c, null),
    ...problems,
  }
}

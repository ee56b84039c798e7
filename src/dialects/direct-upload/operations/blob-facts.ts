import type { Context } from 'hono'
import { fail } from '../../../core/errors'
import type { FileBase } from '../../../core/files/file-record'
import type { FileId, OrganizationId } from '../../../core/ids'
import type { HttpEnv } from '../../../http/context'
import type { BlobFacts } from '../presenter'

const purpose = 'blob'

/** What is said of a blob beside its file. Its signed id never expires, as in Rails. */
export async function blobFactsOf(c: Context<HttpEnv>, file: FileBase): Promise<BlobFacts> {
  const { signedIds, store } = c.var.gateway
  const { id: fileId, organizationId } = file
  const signedId = await signedIds.sign({ fileId, organizationId, purpose, expiresAt: null })
  return { signedId, serviceName: store.service }
}

/** The file in the path. A signed id that was changed, or is another organization's, is of a file that is not there. */
export async function signedFileIdOf(c: Context<HttpEnv>, organizationId: OrganizationId): Promise<FileId> {
  const { gateway } = c.var
  const text = c.req.param('signedId') ?? ''
  const fileId = await gateway.signedIds.verify(text, { organizationId, purpose, now: gateway.now() })
  return fileId ?? fail({ code: 'file_not_found', fileId: '' })
}

import type { Context } from 'hono'
import type { Progress } from '../../core/append/append'
import type { StoredFile } from '../../core/files/file-record'
import { summaryOf } from '../../core/files/file-summary'
import type { HttpEnv } from '../../http/context'
import { sha256Field, wantsSha256 } from '../../http/digest-fields'
import { formatFileId } from '../../http/file-ids'
import { ownUrl } from '../../http/own-url'
import { presentFile } from '../../http/present-file'
import { uploadLimit } from './limits'

/** Where the upload of `progress` is, whether or not it waits for bytes. */
export function locationOf(c: Context<HttpEnv>, { file }: Progress): string {
  return ownUrl(c, `/v1/resumable/${formatFileId(file.id)}`)
}

/** How far the upload has come, and what limits it. */
export function stateHeaders(c: Context<HttpEnv>, { status, file }: Progress): Record<string, string> {
  if (status === 'uploading')
    return {
      'Upload-Complete': '?0',
      'Upload-Offset': String(file.upload.receivedBytes),
      'Upload-Limit': uploadLimit(c, file.upload.expiresAt),
    }
  return {
    'Upload-Complete': '?1',
    'Upload-Offset': String(file.content.byteSize),
    'Upload-Limit': uploadLimit(c, null),
    ...digestHeaders(c, file),
  }
}

/** The final answer: the file that the bytes have become. */
export function answerFile(c: Context<HttpEnv>, progress: Extract<Progress, { status: 'ready' }>): Response {
  return c.json(presentFile(summaryOf(progress.file), null), 201, {
    location: locationOf(c, progress),
    ...stateHeaders(c, progress),
  })
}

/** `Repr-Digest`, if the client asks for it and it is known. */
function digestHeaders(c: Context, { content: { sha256 } }: StoredFile): Record<string, string> {
  return sha256 !== null && wantsSha256(c.req.header('want-repr-digest'))
    ? { 'Repr-Digest': sha256Field(sha256) }
    : {}
}

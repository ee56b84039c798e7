import type { Context } from 'hono'
import { failField } from '../../core/errors'
import { parseJson } from '../../core/json'
import { authenticateRequest } from '../../http/authenticate-request'
import type { Dialect } from '../../http/mount'
import { readText } from '../../http/read-json'
import { credentialOf } from './credentials'
import { directUploadFailures } from './errors'
import { createDirectUploadOperation } from './operations/create-direct-upload'
import { downloadBlobOperation } from './operations/download-blob'
import { getBlobOperation } from './operations/get-blob'
import { sentences } from './schema'

/** Direct Upload in the shape of Rails' Active Storage, below `/api/v1`. */
export const directUploadDialect: Dialect = {
  path: '/api/v1',
  operations: [createDirectUploadOperation, getBlobOperation, downloadBlobOperation],
  guards: ['/upload/direct', '/blobs'],
  owns: [''],
  authenticate: (c) => authenticateRequest(c, credentialOf(c)),
  parseBody,
  ...directUploadFailures,
}

/** FastAPI tells a body that is not there from one that is no JSON. */
async function parseBody(c: Context, { maxBytes }: { maxBytes: number }): Promise<unknown> {
  const text = await readText(c.req.raw, maxBytes)
  if (text.trim() === '') failField('', sentences.missing)
  try {
    return parseJson(text)
  } catch {
    return failField('', sentences.json_invalid)
  }
}

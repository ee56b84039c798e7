import { createLink } from '../../../core/files/create-link'
import { fileIdOf } from '../../../http/file-ids'
import { operation } from '../../../http/operation'
import { linkRequest } from '../schema'

/** For pages, which cannot follow a redirect to the store: after two hops a browser sends `Origin: null`. */
export const createLinkOperation = operation({
  name: 'createLink',
  method: 'post',
  path: '/:fileId/links',
  summary: 'A link to the bytes of a file, for everyone who has it, until it expires',
  access: 'files:read',
  body: linkRequest,
  isBodyOptional: true,
  answers: { 201: 'Link' },
  fails: ['file_not_found', 'file_uploading', 'file_refused', 'store_failed'],
  async handle(c, { organizationId }, { body, idempotencyKey }) {
    const terms = { ttlSeconds: body.expiresIn ?? null, disposition: body.disposition ?? 'attachment' }
    const link = await createLink(c.get('gateway'), organizationId, fileIdOf(c), terms, idempotencyKey)
    c.header('cache-control', 'private, no-store')
    return c.json({ url: link.url, expiresAt: new Date(link.expiresAt).toISOString() }, 201)
  },
})

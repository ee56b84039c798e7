import type { CreatedGrant } from '../../core/grants/create-grant'
import type { Grant, GrantUse } from '../../core/grants/grant'
import type { FileId } from '../../core/ids'
import { formatFileId } from '../../http/file-ids'
import type * as Answered from './answers'
import { formatGrantId } from './grant-ids'

/** A grant with its secret: `token` for a header, `url` for programs and people who send none. */
export function presentCreated({ grant, token }: CreatedGrant, gatewayUrl: string): Answered.CreatedGrant {
  const { id, ...terms } = presentTerms(grant)
  return { id, token, url: `${gatewayUrl}/g/${token}`, ...terms }
}

/** What the holder may know: nothing of the files of others. `use` null: it was not used yet. */
export function presentHeld(grant: Grant, use: GrantUse | null): Answered.HeldGrant {
  return { ...presentTerms(grant), filesUsed: use?.filesUsed ?? 0, bytesUsed: use?.bytesUsed ?? 0 }
}

/** Terms are null where the grant was revoked before it was used: only its token said them. */
export function presentUse({ id, terms, filesUsed, bytesUsed, revokedAt }: GrantUse): Answered.Grant {
  const said = terms === null ? unknownTerms : presentTerms(terms)
  return {
    ...said,
    id: formatGrantId(id),
    filesUsed,
    bytesUsed,
    revokedAt: revokedAt === null ? null : iso(revokedAt),
  }
}

export function presentUseWithFiles(use: GrantUse & { files: readonly FileId[] }): Answered.GrantWithFiles {
  return { ...presentUse(use), files: use.files.map(formatFileId) }
}

const unknownTerms = {
  expiresAt: null,
  maxBytes: null,
  maxFiles: null,
  contentTypes: null,
  metadata: null,
  origins: null,
}

function presentTerms({ id, expiresAt, maxBytes, maxFiles, contentTypes, metadata, origins }: Grant) {
  return {
    id: formatGrantId(id),
    expiresAt: iso(expiresAt),
    maxBytes,
    maxFiles,
    contentTypes: contentTypes && [...contentTypes],
    metadata,
    origins: origins && [...origins],
  }
}

function iso(time: number): string {
  return new Date(time).toISOString()
}

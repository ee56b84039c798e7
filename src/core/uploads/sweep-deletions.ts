import { parsePieceKey } from '../append/ledger'
import { incomingPrefix, parseIncomingKey } from '../contents/content'
import { deleteKeys, deleteListed, deletionRetryMs } from '../deletions/delete-objects'
import type { ObjectKey } from '../ids'
import type { IncomingKey } from '../ports/upload-repository'
import type { Page, Sweep } from './sweep-run'

/** One delete call of R2 and one DeleteObjects of S3 take a thousand keys. */
export const deletionsPerBatch = 500

/** A page's look-up in D1; and what takes objects off the outbox, or has them wait. */
export const statementsPerIncomingPage = 1
export const statementsPerDeletionPage = 4

/** A store without DeleteObjects takes a call for each key, and an invocation may call out ten thousand times. */
const incomingDeletionsMax = 3000

/** Deletes a page of what the outbox lists as due. What fails waits, so that it holds up nothing else. */
export async function deleteDuePage(run: Sweep, after: string | null): Promise<Page | 'stop'> {
  const { gateway, report } = run
  if (run.abortsLeft < deletionsPerBatch) return 'stop'
  const { objects, next } = await gateway.deletions.due(gateway.now(), deletionsPerBatch, after)
  run.abortsLeft -= objects.filter(({ multipart }) => multipart !== null).length
  const { deleted, failed, failure } = await deleteListed(gateway, objects)
  report.objectsDeleted += deleted.length
  if (failed.length > 0) await gateway.deletions.postpone(failed, gateway.now() + deletionRetryMs)
  return {
    next: objects.length === deletionsPerBatch ? next : null,
    ...(failed.length > 0 ? { failure } : {}),
  }
}

/**
 * Deletes what a page of the incoming objects has that no pending upload awaits: what was settled, refused or
 * given up and could not be deleted then, and what has come since through a URL that still works. No time of
 * grace is needed, as an upload is written down before its URL is handed out. Keys of another form are left alone.
 */
export async function deleteIncomingPage(run: Sweep, after: string | null): Promise<Page | 'stop'> {
  const { gateway, report } = run
  if (report.incomingDeleted >= incomingDeletionsMax) return 'stop'
  const page = await gateway.objects.list(incomingPrefix, after)
  if (page === 'unsupported') {
    gateway.log({ event: 'incoming_not_listable' })
    return { next: null }
  }
  const incoming = page.keys.flatMap((text): IncomingKey[] => {
    const key = text as ObjectKey
    const parts = parseIncomingKey(text)
    if (parts !== null)
      return [{ key, file: { organizationId: parts.organizationId, id: parts.fileId }, piece: null }]
    const ofPiece = parsePieceKey(text)
    return ofPiece === null ? [] : [{ key, ...ofPiece }]
  })
  const awaited = new Set(incoming.length === 0 ? [] : await gateway.uploads.awaitedKeys(incoming))
  const unwanted = incoming.map(({ key }) => key).filter((key) => !awaited.has(key))
  const { deleted, failed, failure } = await deleteKeys(gateway, unwanted)
  report.incomingDeleted += deleted.length
  return {
    next: page.isTruncated ? (page.keys.at(-1) ?? null) : null,
    ...(failed.length > 0 ? { failure } : {}),
  }
}

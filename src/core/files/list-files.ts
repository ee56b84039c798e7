import type { Gateway } from '../gateway'
import type { OrganizationId } from '../ids'
import { settleUpload } from '../uploads/settle-upload'
import type { PendingFile } from './file-record'
import type { FilePage, FileSelection, PageOptions } from './file-selection'
import type { SummaryPart } from './file-summary'

/** How many uploads a list settles after its answer. */
const settledPerList = 5

/**
 * Files of `selection`, newest first. One database round trip, also with associations. A page begins after a file,
 * not at an offset, so it neither repeats nor misses files when others are added or deleted. Where finding more would
 * read too many rows, the page is short and has a next one.
 *
 * Pending files that would belong to a first page are settled after the answer, if their bytes have arrived: the next
 * request sees them.
 */
export async function listFiles<Part extends SummaryPart>(
  gateway: Gateway,
  organizationId: OrganizationId,
  selection: FileSelection,
  page: PageOptions<Part>,
): Promise<FilePage<Part>> {
  const options = { ...page, pendingMax: settledPerList }
  const { files, next, pending } = await gateway.files.list(organizationId, selection, options)
  settleBehind(
    gateway,
    pending.filter(({ id }) => next === null || id > next),
  )
  return { files, next }
}

function settleBehind(gateway: Gateway, pending: readonly PendingFile[]): void {
  if (pending.length === 0) return
  const settle = async (file: PendingFile) => {
    try {
      await settleUpload(gateway, file)
    } catch (cause) {
      gateway.log({ event: 'upload_left_to_sweep', fileId: file.id, cause })
    }
  }
  gateway.background(Promise.all(pending.map(settle)))
}

import type { Status } from '../api/files'
import { sayReason, statusNames } from '../words/status'

/** The status of a file, and why. */
export function StatusBadge({ status, reason }: { status: Status; reason: string | null }) {
  return (
    <>
      <span class={`badge ${status}`}>{statusNames[status]}</span>
      {reason && <span class="reason">{sayReason(reason)}</span>}
    </>
  )
}

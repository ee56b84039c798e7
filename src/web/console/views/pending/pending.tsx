import { listFiles } from '../../api/files'
import { getUpload } from '../../api/uploads'
import { Failure } from '../../components/notice'
import { useKeptFocus } from '../../hooks/use-kept-focus'
import { useLoad } from '../../hooks/use-load'
import type { Member } from '../../session/session'
import { Ended } from './ended'
import { type PendingRow, UnderWay } from './under-way'

const shownMax = 25
const everyMs = 15_000

/** Uploads that are under way, and those of late that came to nothing. */
export function Pending({ member }: { member: Member }) {
  const { value, error, reload } = useLoad(() => load(member), [member], everyMs)
  useKeptFocus(value)
  return (
    <>
      <Failure error={error} retry={reload} />
      {value && (
        <>
          <UnderWay member={member} rows={value.underWay} hasMore={value.hasMore} reload={reload} />
          <Ended files={value.ended} />
        </>
      )}
    </>
  )
}

async function load(member: Member) {
  const newest = { cursor: null, limit: shownMax }
  const [uploading, refused, failed] = await Promise.all([
    listFiles(member, { ...newest, status: 'uploading' }),
    listFiles(member, { ...newest, status: 'error' }),
    listFiles(member, { ...newest, status: 'failed' }),
  ])
  const rows = await Promise.all(
    uploading.items.map(
      async (file): Promise<PendingRow> => ({ file, upload: await getUpload(member, file.id) }),
    ),
  )
  return {
    // Asking settles an upload whose bytes have arrived.
    underWay: rows.filter(({ upload }) => upload.status === 'uploading'),
    hasMore: uploading.nextCursor !== null,
    ended: [...refused.items, ...failed.items].sort((a, b) => b.createdAt.localeCompare(a.createdAt)),
  }
}

import { useState } from 'preact/hooks'
import type { FileRow } from '../../api/files'
import { abortUpload, type Upload } from '../../api/uploads'
import { Confirm } from '../../components/confirm'
import { Empty } from '../../components/notice'
import { Time } from '../../components/time'
import type { Member } from '../../session/session'
import { formatBytes, formatShare } from '../../words/format'

export type PendingRow = { file: FileRow; upload: Upload }

type UnderWayProps = { member: Member; rows: readonly PendingRow[]; hasMore: boolean; reload(): void }

/** Uploads whose bytes have not all arrived. */
export function UnderWay({ member, rows, hasMore, reload }: UnderWayProps) {
  const [asked, setAsked] = useState<FileRow | null>(null)
  if (rows.length === 0)
    return (
      <Empty title="Nothing is under way">
        <p>
          Uploads whose bytes have not all arrived are here, also those of your programs. This page asks anew
          by itself.
        </p>
      </Empty>
    )
  return (
    <section class="list">
      <h2>Under way</h2>
      <table>
        <caption class="hidden">Uploads under way</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Arrived</th>
            <th scope="col" class="wide">
              Since
            </th>
            <th scope="col" class="wide">
              Ends
            </th>
            <th scope="col">
              <span class="hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ file, upload }) => (
            <tr key={file.id}>
              <th scope="row">
                <a href={`#files/${file.id}`}>{file.filename}</a>
              </th>
              <td>
                <Arrived upload={upload} name={file.filename} />
              </td>
              <td class="wide">
                <Time at={file.createdAt} />
              </td>
              <td class="wide">{upload.expiresAt && <Time at={upload.expiresAt} />}</td>
              <td class="number">
                {member.scopes.includes('files:write') && (
                  <button type="button" class="button danger" onClick={() => setAsked(file)}>
                    Abort<span class="hidden"> {file.filename}</span>
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {hasMore && <p class="hint">These are the {rows.length} newest; there are more.</p>}
      {asked && (
        <Confirm
          title="Abort this upload?"
          verb="Abort"
          onClose={() => setAsked(null)}
          act={() => abortUpload(member, asked.id).finally(reload)}
        >
          <p>What has arrived of {asked.filename} is deleted. Its client has to begin anew.</p>
        </Confirm>
      )}
    </section>
  )
}

function Arrived({ upload, name }: { upload: Upload; name: string }) {
  const total = upload.sealed?.size ?? null
  if (upload.method !== 'multipart')
    return <>{total === null ? 'One PUT' : `One PUT of ${formatBytes(total)}`}, not here yet</>
  if (!upload.parts || total === null)
    return <>{upload.multipart?.partCount ?? 'Some'} parts; the store does not tell which are here</>
  const arrived = upload.parts.reduce((sum, { size }) => sum + size, 0)
  return (
    <>
      <progress max={total || 1} value={arrived} aria-label={`Arrived of ${name}`} />
      <span class="reason">
        {formatBytes(arrived)} of {formatBytes(total)}, {formatShare(arrived, total)}
      </span>
    </>
  )
}

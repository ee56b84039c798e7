import type { FileRow } from '../../api/files'
import { StatusBadge } from '../../components/status-badge'
import { Time } from '../../components/time'
import type { Member } from '../../session/session'
import { formatBytes } from '../../words/format'
import { Thumbnail } from './thumbnail'

/** Files, one a row. The name opens the details. */
export function FileTable({ member, files }: { member: Member; files: readonly FileRow[] }) {
  return (
    <table class="files">
      <caption class="hidden">Files, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col" class="number">
            Size
          </th>
          <th scope="col">Status</th>
          <th scope="col" class="wide">
            SHA-256
          </th>
          <th scope="col" class="wide">
            Made
          </th>
        </tr>
      </thead>
      <tbody>
        {files.map((file) => (
          <Row key={file.id} member={member} file={file} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ member, file }: { member: Member; file: FileRow }) {
  const { id, filename, contentType, sizeBytes, status, reason, sha256, createdAt } = file
  return (
    <tr>
      <th scope="row">
        <div class="name-cell">
          <Thumbnail member={member} file={file} />
          <span class="name">
            <a href={`#files/${id}`}>{filename}</a>
            <span class="type">{contentType}</span>
          </span>
        </div>
      </th>
      <td class="number">{formatBytes(sizeBytes)}</td>
      <td>
        <StatusBadge status={status} reason={reason} />
      </td>
      <td class="wide mono">
        {sha256 ? (
          <abbr title={sha256}>{sha256.slice(0, 12)}…</abbr>
        ) : (
          <span class="none">{sha256 === undefined ? 'in the details' : 'none'}</span>
        )}
      </td>
      <td class="wide">
        <Time at={createdAt} />
      </td>
    </tr>
  )
}

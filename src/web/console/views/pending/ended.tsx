import type { FileRow } from '../../api/files'
import { StatusBadge } from '../../components/status-badge'
import { Time } from '../../components/time'

/** Uploads that came to nothing, and why. */
export function Ended({ files }: { files: readonly FileRow[] }) {
  if (files.length === 0) return null
  return (
    <section class="list">
      <h2>Refused and failed</h2>
      <table>
        <caption class="hidden">Uploads that came to nothing, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Why</th>
            <th scope="col" class="wide">
              Begun
            </th>
          </tr>
        </thead>
        <tbody>
          {files.map(({ id, filename, status, reason, createdAt }) => (
            <tr key={id}>
              <th scope="row">
                <a href={`#files/${id}`}>{filename}</a>
              </th>
              <td>
                <StatusBadge status={status} reason={reason} />
              </td>
              <td class="wide">
                <Time at={createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

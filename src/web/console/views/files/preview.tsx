import { createLink, type FileRow, readText } from '../../api/files'
import { Failure } from '../../components/notice'
import { useLoad } from '../../hooks/use-load'
import type { Member } from '../../session/session'
import { previewOf } from '../../words/content-type'
import { formatBytes } from '../../words/format'

/** How much of a text is shown. */
const textBytesMax = 64 * 1024
/** Larger images may be more than a browser can show. */
const imageBytesMax = 50 * 1024 ** 2

/** The content of a file that can be shown without running anything of it. */
export function Preview({ member, file }: { member: Member; file: FileRow }) {
  switch (file.sizeBytes === 0 ? null : previewOf(file.contentType)) {
    case 'image':
      return file.sizeBytes <= imageBytesMax ? <Image member={member} file={file} /> : null
    case 'text':
      return <Text member={member} file={file} />
    case 'pdf':
      return <Pdf member={member} file={file} />
    default:
      return null
  }
}

function Image({ member, file }: { member: Member; file: FileRow }) {
  const { value, error } = useLoad(
    () => createLink(member, file.id, { disposition: 'inline' }),
    [member, file.id],
  )
  return (
    <div class="preview">
      <Failure error={error} />
      {value && <img src={value.url} alt={`Preview of ${file.filename}`} />}
    </div>
  )
}

function Text({ member, file }: { member: Member; file: FileRow }) {
  const { value, error } = useLoad(() => readText(member, file.id, textBytesMax), [member, file.id])
  return (
    <div class="preview">
      <Failure error={error} />
      {value !== undefined && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
        <section class="text" tabIndex={0} aria-label={`Preview of ${file.filename}`}>
          <pre>{value}</pre>
        </section>
      )}
      {file.sizeBytes > textBytesMax && (
        <p class="hint">
          The first {formatBytes(textBytesMax)} of {formatBytes(file.sizeBytes)}.
        </p>
      )}
    </div>
  )
}

/**
 * In the browser's own viewer. Chromium has none in a frame with `sandbox`, so what keeps the file apart is the origin of the
 * store, and the type that its link signs.
 */
function Pdf({ member, file }: { member: Member; file: FileRow }) {
  const { value, error } = useLoad(
    () => createLink(member, file.id, { disposition: 'inline' }),
    [member, file.id],
  )
  const isApart = value !== undefined && new URL(value.url).origin !== location.origin
  return (
    <div class="preview">
      <Failure error={error} />
      {isApart && (
        <iframe title={`Preview of ${file.filename}`} src={value.url} referrerpolicy="no-referrer" />
      )}
    </div>
  )
}

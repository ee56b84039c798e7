import { type Family, formatOf } from '../core/contents/families'
import type { Refusal } from '../core/errors'
import { essenceOf } from '../core/files/content-type'
import { canonicalTypeOf } from '../core/files/type-names'

/** What people call the types that they meet. */
const words = new Map([
  ['image/png', 'a PNG image'],
  ['image/apng', 'an animated PNG image'],
  ['image/jpeg', 'a JPEG image'],
  ['image/gif', 'a GIF image'],
  ['image/webp', 'a WebP image'],
  ['image/bmp', 'a BMP image'],
  ['image/tiff', 'a TIFF image'],
  ['image/heic', 'a HEIC image'],
  ['image/heif', 'a HEIF image'],
  ['image/avif', 'an AVIF image'],
  ['image/x-icon', 'an icon'],
  ['image/svg+xml', 'an SVG image'],
  ['image/vnd.adobe.photoshop', 'a Photoshop image'],
  ['video/mp4', 'an MP4 video'],
  ['video/webm', 'a WebM video'],
  ['video/matroska', 'a Matroska video'],
  ['video/quicktime', 'a QuickTime video'],
  ['video/vnd.avi', 'an AVI video'],
  ['audio/mpeg', 'an MP3 recording'],
  ['audio/wav', 'a WAV recording'],
  ['audio/flac', 'a FLAC recording'],
  ['audio/mp4', 'an MPEG-4 recording'],
  ['audio/x-m4a', 'an MPEG-4 recording'],
  ['audio/ogg', 'an Ogg recording'],
  ['application/pdf', 'a PDF document'],
  ['application/rtf', 'an RTF document'],
  ['application/postscript', 'a PostScript document'],
  ['application/msword', 'a Word document'],
  ['application/vnd.ms-excel', 'an Excel workbook'],
  ['application/vnd.ms-powerpoint', 'a PowerPoint presentation'],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'a Word document'],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'an Excel workbook'],
  ['application/vnd.openxmlformats-officedocument.presentationml.presentation', 'a PowerPoint presentation'],
  ['application/vnd.oasis.opendocument.text', 'an OpenDocument text'],
  ['application/vnd.oasis.opendocument.spreadsheet', 'an OpenDocument spreadsheet'],
  ['application/vnd.oasis.opendocument.presentation', 'an OpenDocument presentation'],
  ['application/x-cfb', 'a Microsoft Office document of the old kind, or one with a password'],
  ['application/epub+zip', 'an EPUB book'],
  ['application/zip', 'a ZIP archive'],
  ['application/gzip', 'a gzip archive'],
  ['application/x-tar', 'a tar archive'],
  ['application/x-7z-compressed', 'a 7-Zip archive'],
  ['application/x-rar-compressed', 'a RAR archive'],
  ['application/java-archive', 'a Java archive'],
  ['application/vnd.android.package-archive', 'an Android app'],
  ['application/x-msdownload', 'a Windows program'],
  ['application/x-elf', 'a Linux program'],
  ['application/x-mach-binary', 'a macOS program'],
  ['application/x-sqlite3', 'an SQLite database'],
  ['application/json', 'JSON'],
  ['application/xml', 'an XML document'],
  ['text/html', 'an HTML page'],
  ['text/javascript', 'JavaScript'],
  ['text/csv', 'a CSV table'],
  ['text/markdown', 'Markdown'],
  ['text/css', 'a style sheet'],
  ['text/plain', 'plain text'],
  ['text/x-shellscript', 'a script'],
  ['text/x-msdos-batch', 'a script'],
  ['application/x-httpd-php', 'a script'],
])

const familyWords: Record<Family, string> = {
  'raster image': 'an image',
  'vector image': 'a drawing',
  'audio or video': 'audio or video',
  font: 'a font',
  document: 'a document',
  archive: 'an archive',
  executable: 'a program',
  text: 'text',
  data: 'data',
}

/** A media type as a person says it, and as it is written: `a PNG image (image/png)`. */
function sayType(contentType: string): string {
  const essence = essenceOf(contentType)
  const { family } = formatOf(essence)
  const said = words.get(canonicalTypeOf(essence)) ?? (family === null ? null : familyWords[family])
  return said === null ? contentType : `${said} (${contentType})`
}

/** Which types contradict each other. */
export function sayTypeMismatch({ declared, actual }: { declared: string; actual: string }): string {
  return `the bytes are ${sayType(actual)}, not ${sayType(declared)}`
}

/** Which types contradict each other of bytes that had arrived, and are deleted, and what the client can do. */
export function sayTypeRefusal(refusal: Extract<Refusal, { code: 'type_mismatch' }>): string {
  if ('actual' in refusal) return `${sayTypeMismatch(refusal)}; begin a new upload with the type of the bytes`
  const { declared, stored } = refusal
  const said = stored === null ? 'no Content-Type is stored' : `the stored Content-Type is ${stored}`
  return `${said}, ${declared} was promised; begin a new upload and send the bytes with the promised Content-Type`
}

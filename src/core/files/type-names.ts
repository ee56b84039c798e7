import { essenceOf } from './content-type'

/**
 * Other names that programs and systems have for the media types that the dialects accept. A name that also means
 * another format is left out. Sources: Debian's and Apache's mime.types, shared-mime-info, mime-db, and what browsers,
 * phones and HTTP libraries were seen to send.
 */
const names: Record<string, string> = {
  'application/pdf': `
    application/x-pdf application/acrobat application/x-acrobat application/vnd.pdf applications/vnd.pdf text/pdf
    text/x-pdf image/pdf`,
  'application/json': 'text/json text/x-json application/x-json',
  'application/zip': `
    application/x-zip application/x-zip-compressed application/zip-compressed application/x-compress-zip
    multipart/x-zip`,
  'application/gzip': `
    application/x-gzip application/gzip-compressed application/gzipped application/x-gunzip application/tgz
    application/x-tgz application/x-compressed-tar`,
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': `
    application/docx application/x-docx application/vnd.openxmlformats-officedocument.wordprocessingml`,
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': `
    application/xlsx application/x-xlsx application/vnd.openxmlformats-officedocument.spreadsheetml`,
  'text/plain':
    'application/txt application/text application/x-text text/txt text/x-txt text/x-log plain/text text/anytext',
  'text/markdown': `
    text/x-markdown text/md text/x-md text/x-web-markdown text/vnd.daringfireball.markdown application/markdown
    application/x-markdown`,
  'text/csv': `
    application/csv application/x-csv text/x-csv text/comma-separated-values text/x-comma-separated-values
    application/comma-separated-values`,
  'text/html': 'application/html',
  'text/css': 'text/x-css application/css application/x-css',
  'text/javascript': `
    application/javascript application/x-javascript application/ecmascript application/x-ecmascript text/ecmascript
    text/x-javascript text/x-ecmascript text/jscript`,
  'text/yaml': 'text/x-yaml text/yml application/yaml application/x-yaml',
  'image/jpeg': 'image/jpg image/pjpeg image/x-jpeg image/x-jpg',
  'image/png': 'image/x-png',
  'image/gif': 'image/x-gif',
  'image/webp': 'image/x-webp',
  'image/svg+xml': 'image/svg image/svg-xml image/x-svg image/x-svg+xml',
  'video/mp4': 'video/x-mp4 video/mpeg4 video/mpeg4-generic application/mp4 video/x-m4v',
}

const canonicalNames = new Map(
  Object.entries(names).flatMap(([canonical, others]) =>
    others
      .trim()
      .split(/\s+/)
      .map((name) => [name, canonical] as const),
  ),
)

/** The usual name of a type that has several, without parameters and in lower case. */
export function canonicalTypeOf(contentType: string): string {
  const essence = essenceOf(contentType)
  return canonicalNames.get(essence) ?? essence
}

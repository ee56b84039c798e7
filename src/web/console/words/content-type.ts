export type Kind = 'image' | 'video' | 'audio' | 'pdf' | 'archive' | 'text' | 'other'

/** Kinds by which files can be filtered, as people call them. */
export const kindNames: Readonly<Record<Kind, string>> = {
  image: 'Images',
  video: 'Video',
  audio: 'Audio',
  pdf: 'PDF',
  text: 'Text',
  archive: 'Archives',
  other: 'Other',
}

/** Images that run nothing when a browser shows them. SVG can hold scripts and refers to other files. */
const inertImages = /^image\/(png|jpeg|gif|webp|avif|bmp)$/
const archives = /^application\/(zip|gzip|x-tar|x-7z-compressed|vnd\.rar|x-bzip2|zstd)$/
const texts = /^(text\/|application\/(json|xml|yaml|x-ndjson|javascript|toml|sql)$|.*\+(json|xml)$)/

/** The type alone, without parameters, in lower case. */
function essenceOf(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase()
}

export function kindOf(contentType: string): Kind {
  const type = essenceOf(contentType)
  if (type.startsWith('image/')) return 'image'
  if (type.startsWith('video/')) return 'video'
  if (type.startsWith('audio/')) return 'audio'
  if (type === 'application/pdf') return 'pdf'
  if (archives.test(type)) return 'archive'
  return texts.test(type) ? 'text' : 'other'
}

/** How the bytes of a file can be shown without any risk; null: they cannot. */
export function previewOf(contentType: string): 'image' | 'text' | 'pdf' | null {
  const type = essenceOf(contentType)
  if (inertImages.test(type)) return 'image'
  if (type === 'application/pdf') return 'pdf'
  return texts.test(type) ? 'text' : null
}

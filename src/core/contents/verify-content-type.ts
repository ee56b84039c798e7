import { essenceOf } from '../files/content-type'

/**
 * The media type that contradicts `declared`, or null when the bytes may be what was declared.
 *
 * `detected` is what a signature at the start of the bytes proves (null: nothing). Bytes that no
 * signature recognises are taken as declared. `sample` is the start of the bytes: several signatures
 * are two or three letters long ("BM" is a bitmap), so text that is plainly text is not accused by them.
 */
export function contradictingType(
  declared: string,
  detected: string | null,
  sample: Uint8Array,
): string | null {
  if (detected === null) return null
  const essence = canonical(essenceOf(declared))
  const proven = canonical(essenceOf(detected))
  if (proven === essence || essence === 'application/octet-stream' || isKindOf(proven, essence)) return null
  if (isTextual(essence) && proven !== 'application/pdf' && isPlainText(sample)) return null
  return proven
}

/** Other names of the same type. */
const aliases = new Map([
  ['image/jpg', 'image/jpeg'],
  ['image/vnd.mozilla.apng', 'image/apng'],
  ['audio/mp3', 'audio/mpeg'],
  ['audio/x-wav', 'audio/wav'],
  ['audio/wave', 'audio/wav'],
  ['video/x-matroska', 'video/matroska'],
  ['application/x-gzip', 'application/gzip'],
  ['application/x-zip-compressed', 'application/zip'],
  ['application/vnd.rar', 'application/x-rar-compressed'],
])

function canonical(essence: string): string {
  return aliases.get(essence) ?? essence
}

const zipBased =
  /^(application\/(java-archive|vnd\.(openxmlformats-officedocument|oasis\.opendocument|ms-[a-z]+\.|apple\.|android\.package).*|x-xpinstall|oxps|.*\+zip)|model\/3mf)$/
const compoundFile = /^application\/(msword|vnd\.ms-(excel|powerpoint|outlook|project)|vnd\.visio|x-msi)$/

/**
 * Which types bytes may have that were declared otherwise. Some signatures name a special format where the
 * general one was declared; others only the container of the special format that was declared.
 */
const kinds: readonly { declared: RegExp; proven: RegExp }[] = [
  { declared: /^application\/zip$/, proven: zipBased },
  { declared: zipBased, proven: /^application\/zip$/ },
  { declared: compoundFile, proven: /^application\/x-cfb$/ },
  { declared: /^application\/gzip$/, proven: /^application\/x-compressed-tar$/ },
  { declared: /^application\/pdf$/, proven: /^application\/illustrator$/ },
  { declared: /^image\/png$/, proven: /^image\/apng$/ },
  { declared: /^image\/svg\+xml$/, proven: /^application\/xml$/ },
  { declared: /^video\/mp4$/, proven: /^(video\/(x-m4v|quicktime|3gpp2?)|audio\/(mp4|x-m4[ab]))$/ },
  { declared: /^(video|audio)\/webm$/, proven: /^((video|audio)\/webm|video\/matroska)$/ },
]

function isKindOf(proven: string, essence: string): boolean {
  return kinds.some((kind) => kind.declared.test(essence) && kind.proven.test(proven))
}

function isTextual(essence: string): boolean {
  return (
    essence.startsWith('text/') ||
    essence === 'image/svg+xml' ||
    /[/+](json|x-ndjson|xml|yaml|javascript|typescript)$/.test(essence)
  )
}

function isPlainText(sample: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(sample, { stream: true })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what tells binary from text
    return !/[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text)
  } catch {
    return false
  }
}

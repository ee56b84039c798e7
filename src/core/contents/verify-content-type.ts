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
  const essence = essenceOf(declared)
  const proven = essenceOf(detected)
  if (proven === essence || isKindOf(proven, essence)) return null
  if (isTextual(essence) && proven !== 'application/pdf' && isPlainText(sample)) return null
  return proven
}

/** Signatures name the most special format; these are the general ones they still are. */
const kindsOf: readonly (readonly [declared: string, proven: RegExp])[] = [
  ['application/zip', /^application\/(java-archive|vnd\.|epub|x-zip|x-xpinstall|oxps|.*\+zip$)/],
  ['application/gzip', /^application\/(x-gzip|x-compressed-tar)$/],
  ['application/pdf', /^application\/(pdf|illustrator)$/],
  ['image/png', /^image\/(apng|vnd\.mozilla\.apng)$/],
  ['video/mp4', /^(video\/(mp4|x-m4v|quicktime|3gpp2?)|audio\/(mp4|x-m4[ab]))$/],
  ['video/webm', /^(video\/(webm|matroska|x-matroska)|audio\/webm)$/],
  ['image/svg+xml', /^application\/xml$/],
]

function isKindOf(proven: string, declared: string): boolean {
  return kindsOf.some(([general, special]) => general === declared && special.test(proven))
}

function isTextual(essence: string): boolean {
  return (
    essence.startsWith('text/') ||
    essence === 'image/svg+xml' ||
    /[/+](json|xml|yaml|javascript)$/.test(essence)
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

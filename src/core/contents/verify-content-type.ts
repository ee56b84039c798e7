import { essenceOf } from '../files/content-type'
import { provenContainer } from './containers'
import { type Format, formatOf } from './families'

/**
 * The media type that contradicts `declared`, or null when the bytes may be what was declared.
 *
 * `proven` is what the first bytes prove (null: nothing). A refused file is deleted after its client has sent it, so only
 * bytes of another family of formats count. The dangerous ones are an executable, an HTML page and an SVG image under a
 * harmless name. A type that the gateway does not know, on either side, contradicts nothing.
 */
export function contradictingType(declared: string, proven: string | null): string | null {
  if (proven === null) return null
  const [claim, proof] = [essenceOf(declared), essenceOf(proven)]
  return claim !== proof && contradicts(proof, formatOf(proof), claim, formatOf(claim)) ? proof : null
}

function contradicts(proof: string, proven: Format, claim: string, claimed: Format): boolean {
  if (claimed.family === null || proven.family === null) return false
  const container = provenContainer(proof)
  if (container !== null && claimed.containers.has(container)) return false
  if (claimed.family === 'text' && (proven.family === 'text' || textual.has(proof))) return false
  if (proof === activeImage) return !activeImages.has(claim)
  // What the container holds is unknown, so it contradicts only a type that is recognisable without one.
  if (container !== null && !familiar.has(container)) return claimed.isRecognisable
  if (claimed.family === proven.family) return false
  // An image of an unknown type may be made of pixels or of lines.
  return claimed.isRecognisable || claimed.family !== 'raster image' || proven.family !== 'vector image'
}

/** Containers of a known family: HTML is text, and ISO media is a film where the declared type is not known to come in it. */
const familiar: ReadonlySet<string> = new Set(['html', 'isobmff'])

/** The image type that can run scripts, and its other names. */
const activeImage = 'image/svg+xml'
const activeImages: ReadonlySet<string> = new Set([
  ...['image/svg', 'image/svg-xml', 'image/x-svg', 'application/svg', 'application/svg+xml'],
])

/** Documents and images that are text as well. */
const textual: ReadonlySet<string> = new Set([activeImage, 'application/rtf', 'application/postscript'])

import { essenceOf } from '../files/content-type'
import { provenContainer } from './containers'
import { type Format, formatOf } from './families'

/**
 * The media type that contradicts `declared`, or null when the bytes may be what was declared.
 *
 * `proven` is what the first bytes prove (null: nothing). A refused file is deleted after its owner has uploaded it,
 * so only a lie that matters counts: bytes of another family of formats, of which an executable, an HTML page and
 * an SVG image under a harmless name are the dangerous ones. What is not known, on either side, contradicts nothing.
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
  // What is in the container is not known: only a type that can be recognised outside of it is contradicted.
  if (container !== null && !familiar.has(container)) return claimed.isRecognisable
  if (claimed.family === proven.family) return false
  // An image of a type that is not known may be of pixels or of lines.
  return claimed.isRecognisable || claimed.family !== 'raster image' || proven.family !== 'vector image'
}

/** Containers of which more is known: the first is a text, and what the second is not known to hold is a film. */
const familiar: ReadonlySet<string> = new Set(['html', 'isobmff'])

/** The image that runs scripts, and other names of it. */
const activeImage = 'image/svg+xml'
const activeImages: ReadonlySet<string> = new Set([
  ...['image/svg', 'image/svg-xml', 'image/x-svg', 'application/svg', 'application/svg+xml'],
])

/** Documents and images that are text as well. */
const textual: ReadonlySet<string> = new Set([activeImage, 'application/rtf', 'application/postscript'])

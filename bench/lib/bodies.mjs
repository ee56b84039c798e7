// Bodies of uploads whose bytes differ each time, so that none are known: the first twelve are new, the others kept.
import { randomBytes } from 'node:crypto'

export const mib = 1024 ** 2
export const boundary = '------------------------d74496d66958873e'

/** Makes JSON bodies of base64 uploads of `byteSize` bytes, which begin with no file format's signature. */
export function base64Bodies(byteSize, fields = { contentType: 'application/zip' }) {
  const head = `${JSON.stringify(fields).slice(0, -1)},"content":"`
  const rest = Buffer.from(`${randomBytes(byteSize - 12).toString('base64')}"}`)
  return () => [head, Buffer.from(beginning()).toString('base64'), rest]
}

/** Makes forms with a file of `byteSize` bytes. */
export function formBodies(byteSize) {
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\n`
  const rest = randomBytes(byteSize - 12)
  return () => [head, beginning(), rest, `\r\n--${boundary}--\r\n`]
}

/** Makes the bytes alone. */
export function rawBodies(byteSize) {
  const rest = randomBytes(byteSize - 12)
  return () => [beginning(), rest]
}

/** Makes the bytes in portions of `portionSize`. */
export function portionBodies(byteSize, portionSize) {
  const make = rawBodies(byteSize)
  return () => {
    const bytes = Buffer.concat(make().map((piece) => Buffer.from(piece)))
    const starts = Array.from(
      { length: Math.ceil(byteSize / portionSize) },
      (_, index) => index * portionSize,
    )
    return starts.map((start) => bytes.subarray(start, start + portionSize))
  }
}

function beginning() {
  return randomBytes(6).toString('hex')
}

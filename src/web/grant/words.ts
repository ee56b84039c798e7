import { UploadError } from '../../../client/index'
import { type Grant, Unreadable } from './grant'

const units = ['bytes', 'KB', 'MB', 'GB', 'TB']

/** `byteSize` as people read it: `1 byte`, `4.5 MB`. */
export function sayBytes(byteSize: number): string {
  if (byteSize === 1) return '1 byte'
  const power = byteSize < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(byteSize) / 3))
  const value = byteSize / 1000 ** power
  return `${value < 10 && power > 0 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value)} ${units[power]}`
}

/** What can be uploaded, how much, and until when. */
export function sayGrant(grant: Grant): string[] {
  const { maxFiles, filesUsed, maxBytes, bytesUsed, contentTypes, expiresAt } = grant
  const files = maxFiles - filesUsed
  const until = new Date(expiresAt).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
  const left = filesUsed > 0 ? ' more' : ''
  return [
    files === 1
      ? `One${left} file, up to ${sayBytes(maxBytes - bytesUsed)}`
      : `Up to ${files}${left} files, ${sayBytes(maxBytes - bytesUsed)} together`,
    ...(contentTypes === null ? [] : [`Accepted: ${contentTypes.map(sayType).join(', ')}`]),
    `Until ${until}`,
  ]
}

const families: Record<string, string> = {
  'image/*': 'images',
  'video/*': 'videos',
  'audio/*': 'sound',
  'text/*': 'text',
  'application/pdf': 'PDF',
  'application/zip': 'ZIP',
}

function sayType(type: string): string {
  return families[type] ?? type
}

/** Why an upload, or the whole page, does not work. */
export function sayProblem(error: unknown): string {
  if (error instanceof UploadError) return sayUploadError(error)
  if (!(error instanceof Unreadable)) return 'The upload service cannot be reached. Check your network.'
  if (error.status === 401)
    return error.detail.includes('expired')
      ? 'This link has expired. Ask for a new one.'
      : 'This link does not work any more. Ask for a new one.'
  if (error.status === 429) return 'Too many requests. Wait a minute.'
  return error.detail || 'The upload service has a problem.'
}

/** With what the gateway says itself where that tells more: which types, how many bytes. */
function sayUploadError({ code, message, detail }: UploadError): string {
  const tellsMore = ['too_large', 'type_refused', 'forbidden', 'invalid'].includes(code) && detail !== ''
  return tellsMore ? `${message} ${detail}.` : message
}

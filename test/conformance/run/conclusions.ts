import type { Finding } from '../seals/finding'

/** How to configure a gateway over a store that does what `findings` say, one line of Markdown each. */
export function conclusionsFrom(findings: readonly Finding[]): string[] {
  const holds = (id: string) => findings.find((finding) => finding.id === id)?.holds
  const isYes = (id: string) => holds(id) === 'yes'
  return [
    sealCopySource(isYes),
    writeOnce(isYes),
    putOnly(holds),
    isYes('list-parts')
      ? '- ListParts works: to complete a multipart upload the gateway can ask for the ETags of its parts.'
      : '- There is no ListParts: to complete a multipart upload the client must tell the ETags of its parts.',
    ...(holds('some-parts') === 'no'
      ? ['- A completion must name every part that was put, also one that was put in error.']
      : []),
    ...(holds('copy-if-match') === 'no'
      ? [
          '- `S3_COPY_IF_MATCH = "false"`: CopyObject ignores the ETag its source must have, so bytes pass through the Worker where they are copied.',
        ]
      : ['- `S3_COPY_IF_MATCH = "true"`.']),
    ...(holds('part-after-complete') === 'no'
      ? [
          '- `S3_MULTIPART_URLS = "false"`: a part URL works after its upload was completed, so clients must not be given any.',
        ]
      : ['- `S3_MULTIPART_URLS = "true"`.']),
    checksum(isYes),
    ...(isYes('put')
      ? []
      : ['- A right upload was not taken: this store, or these credentials, will not do.']),
    ...findings
      .filter((finding) => finding.holds === 'unknown')
      .map(({ claim, answer }) => `- Not known, because the attempt went wrong: ${claim} (${answer}).`),
  ]
}

type Holds = (id: string) => boolean

function sealCopySource(isYes: Holds): string {
  if (isYes('seal')) {
    return isYes('copy-source-sealed')
      ? '- `S3_SEAL_COPY_SOURCE = "true"`: the seal is taken and it holds. `"auto"` finds out the same by one request.'
      : '- `S3_SEAL_COPY_SOURCE = "false"`: the seal is taken, but it does not hold.'
  }
  return '- `S3_SEAL_COPY_SOURCE = "false"`: the seal is not taken. `"auto"` finds out the same by one request.'
}

function writeOnce(isYes: Holds): string {
  return isYes('write-once') && isYes('write-once-second')
    ? '- `S3_WRITE_ONCE = "true"`.'
    : '- `S3_WRITE_ONCE = "false"`: `If-None-Match: *` is not honoured, so URLs work until they expire.'
}

function putOnly(holds: (id: string) => Finding['holds'] | undefined): string {
  const isSafe = (id: string) =>
    holds(id) === 'yes' || (holds(`${id}-sealed`) === 'yes' && holds('seal') === 'yes')
  if (isSafe('copy-source') && isSafe('part-copy'))
    return '- A put-only principal is not needed: the holder of an upload URL cannot copy other objects with it.'
  const names = '`S3_UPLOAD_ACCESS_KEY_ID` and `S3_UPLOAD_SECRET_ACCESS_KEY`'
  const checks = ['put-only', 'copy-source-put-only', 'part-put-only', 'part-copy-put-only'].map(holds)
  if (checks.every((check) => check === 'yes'))
    return `- A put-only principal **is needed**, and the one given does: keep ${names}.`
  const why = 'the holder of an upload URL can copy other objects into it'
  return checks.includes('no') || checks.includes('unknown')
    ? `- A put-only principal **is needed** (${why}), and the one given **will not do**.`
    : `- A put-only principal **is needed** in ${names}: without it ${why}.`
}

function checksum(isYes: Holds): string {
  if (isYes('sha256-other-bytes') && isYes('head-sha256'))
    return '- A SHA-256 is compared by the store, which vouches for it afterwards.'
  const md5 = isYes('md5-other-bytes') ? 'An MD5 is compared by the store; a' : 'A'
  return `- ${md5} SHA-256 is not vouched for: the gateway reads the bytes once to compare it.`
}

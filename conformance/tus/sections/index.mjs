import { checksums, checksumTrailers } from './checksum.mjs'
import { clientsBrowsers } from './clients-browsers.mjs'
import { clientsConcurrency } from './clients-concurrency.mjs'
import { clientsInterruptions } from './clients-interruptions.mjs'
import { clientsTransfers } from './clients-transfers.mjs'
import { concatenation } from './concatenation.mjs'
import { coreHeaders } from './core-headers.mjs'
import { coreMethodOverride } from './core-method-override.mjs'
import { coreHead, coreOptions, corePatch } from './core-requests.mjs'
import { coreVersion } from './core-version.mjs'
import { creation, creationDeferLength } from './creation.mjs'
import { creationMetadata } from './creation-metadata.mjs'
import { creationWithUpload } from './creation-with-upload.mjs'
import { expiration } from './expiration.mjs'
import { termination } from './termination.mjs'

/** All cases, in the order of the protocol's sections. */
export const allCases = [
  ...coreHeaders,
  ...coreVersion,
  ...coreMethodOverride,
  ...coreHead,
  ...corePatch,
  ...coreOptions,
  ...creation,
  ...creationDeferLength,
  ...creationMetadata,
  ...creationWithUpload,
  ...expiration,
  ...checksums,
  ...checksumTrailers,
  ...termination,
  ...concatenation,
  ...clientsTransfers,
  ...clientsInterruptions,
  ...clientsConcurrency,
  ...clientsBrowsers,
].sort((one, other) => (number(one) < number(other) ? -1 : number(one) > number(other) ? 1 : 0))

function number({ section }) {
  return section.split(' ')[0] ?? ''
}

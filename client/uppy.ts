import type { Credentials, UppyS3Options } from './client'
import { uppyInOnePut } from './uppy-in-one-put'
import { uppyInParts } from './uppy-in-parts'

/**
 * Options for `@uppy/aws-s3`, versions 5 and 6, that upload to `/v1/uploads`: `uppy.use(AwsS3, uppyS3({ grant }))`. Version 5 sends
 * files in parts, which it can pause and resume. Version 6 sends each file in one PUT, and tells no plugin when it has:
 * `uppy.addPostProcessor(options.complete)` has the gateway verify the files before Uppy reports that they are complete.
 */
export function uppyS3(credentials: Credentials): UppyS3Options {
  const inOnePut = uppyInOnePut(credentials)
  return {
    ...uppyInParts(credentials),
    ...inOnePut,
    // Version 6 makes a key for each file before it asks; version 5 makes none.
    shouldUseMultipart: (file) => !inOnePut.hasKey(file.id),
  }
}

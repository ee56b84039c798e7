// Compiled by `npm run types`, not run: what `uppyS3` makes is what this version of Uppy's plugin takes.
import AwsS3 from '@uppy/aws-s3'
import Uppy from '@uppy/core'
import { uppyS3 } from '../../../../client/client'

export function use(grant: string): void {
  const options = uppyS3({ grant })
  new Uppy().use(AwsS3, options).addPostProcessor(options.complete)
}

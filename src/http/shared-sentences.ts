import type { FailureOf } from '../core/errors'

/** Sentences about failures that are the same in every dialect. */

export const tooManyUnsizedUploads =
  'Too many uploads of unknown size are pending for an organization with a quota; send size, or finish or delete some'

const outcomes: Record<FailureOf<'replay_over'>['became'], string> = {
  deleted: 'its file was deleted',
  refused: 'its bytes were refused',
  failed: 'its bytes never came, or it was aborted',
}

/** Why a repeated request does not get its upload URL again, and what the client can do. */
export function sayReplayOver(became: FailureOf<'replay_over'>['became']): string {
  return `The upload that this Idempotency-Key began is over: ${outcomes[became]}. Use another key to begin anew`
}

import type { Action } from '../hooks/use-action'
import { Failure } from './notice'

/** The end of a form in a dialog: why it failed, and its two buttons. */
export function FormFoot({ action, verb, onCancel }: { action: Action; verb: string; onCancel(): void }) {
  return (
    <>
      <Failure error={action.error} />
      <footer class="dialog-foot">
        <button type="button" class="button" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" class="button primary" disabled={action.isRunning}>
          {verb}
        </button>
      </footer>
    </>
  )
}

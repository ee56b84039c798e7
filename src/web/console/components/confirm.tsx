import type { ComponentChildren } from 'preact'
import { useAction } from '../hooks/use-action'
import { Dialog } from './dialog'
import { Failure } from './notice'

type Props = {
  title: string
  /** What the button says that does it. */
  verb: string
  children: ComponentChildren
  /** Resolves when it is done; the question then closes. What it rejects with is shown. */
  act(): Promise<unknown>
  onClose(): void
}

/** Asks before something that cannot be undone. */
export function Confirm({ title, verb, children, act, onClose }: Props) {
  const action = useAction()
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-body">{children}</div>
      <Failure error={action.error} />
      <footer class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          class="button danger"
          disabled={action.isRunning}
          onClick={async () => (await action.run(act)) && onClose()}
        >
          {verb}
        </button>
      </footer>
    </Dialog>
  )
}

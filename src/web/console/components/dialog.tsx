import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { Icon } from './icon'

type Props = {
  title: string
  /** `panel` stands at the side, and has room for a file. */
  look?: 'panel'
  /** Called when the dialog was closed, by whichever way. */
  onClose(): void
  children: ComponentChildren
}

/**
 * A modal dialog while it is rendered. The browser keeps the focus inside, closes it with Escape, and gives the focus back
 * to what had it.
 */
export function Dialog({ title, look, onClose, children }: Props) {
  const element = useRef<HTMLDialogElement>(null)
  const isGone = useRef(false)
  const titleId = useId()
  useEffect(() => {
    const dialog = element.current
    dialog?.showModal()
    return () => {
      isGone.current = true
      dialog?.close()
    }
  }, [])
  return (
    <dialog
      ref={element}
      class={look === 'panel' ? 'dialog panel' : 'dialog'}
      aria-labelledby={titleId}
      onClose={(event) => {
        // Of this dialog, not of one inside it, and by the person.
        if (event.target === element.current && !isGone.current) onClose()
      }}
    >
      <h2 id={titleId}>{title}</h2>
      {children}
      {/* Last, so that the first field has the focus when the dialog opens. */}
      <button type="button" class="button plain dialog-close" onClick={onClose}>
        <Icon name="close" />
        <span class="hidden">Close</span>
      </button>
    </dialog>
  )
}

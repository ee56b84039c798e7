import { el, replace } from './elements'
import { showForm } from './form'
import { readGrant } from './grant'
import { sayProblem } from './words'

/** The address of the grant, which is that of the page. */
const address = location.origin + location.pathname.replace(/\/+$/, '')
const main = document.getElementById('upload') ?? document.body

replace(main, el('p', { role: 'status' }, 'Loading …'))
try {
  showForm(main, address, await readGrant(address))
} catch (error) {
  const again = el('button', { type: 'button' }, 'Try again')
  again.addEventListener('click', () => location.reload())
  replace(
    main,
    el('h1', {}, 'Nothing can be uploaded here'),
    el('p', { role: 'alert' }, sayProblem(error)),
    again,
  )
}

import gateway from '../../src/index'
import { withoutStore } from './without-store'

export default withoutStore(gateway)

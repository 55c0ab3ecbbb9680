// The gallery.

import "./actions.js";
import "./motion.js";
import "./times.js";
import { followCards } from "./cards.js";

followCards();

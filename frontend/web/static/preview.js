// The page of one video.

import "./actions.js";
import "./motion.js";
import "./times.js";
import { followVideo } from "./video.js";
import { showError } from "./errors.js";

followVideo().catch((error) => showError(error.message));

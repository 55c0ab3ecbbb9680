// The page of one video.

import "./actions.js";
import "./motion.js";
import "./times.js";
import { showError } from "./errors.js";
import { followVideo, unfinishedJob } from "./video.js";

const jobId = unfinishedJob();
if (jobId) followVideo(jobId).catch((error) => showError(error.message));

// Move pictures only where the reader does not mind: thumbnails under the pointer or with the focus, the
// player, and the examples until they are paused.

const still = matchMedia("(prefers-reduced-motion: reduce)");

function animate(image) {
  image.dataset.still ??= image.getAttribute("src");
  image.src = image.dataset.animation;
}

function stop(image) {
  if (image.dataset.still) image.src = image.dataset.still;
}

function previewOnHover() {
  const pictures = (event) => {
    const clip = event.target.closest?.(".clip");
    const isSame = clip?.contains(event.relatedTarget) || clip?.closest("#examples");
    return clip && !isSame ? clip.querySelectorAll("[data-animation]") : [];
  };
  for (const [type, change] of [["pointerover", animate], ["focusin", animate], ["pointerout", stop], ["focusout", stop]]) {
    document.addEventListener(type, (event) => {
      if (!still.matches || change === stop) pictures(event).forEach(change);
    });
  }
}

function playExamples() {
  const button = document.getElementById("play");
  if (!button) return;
  const play = (isPlaying) => {
    button.textContent = isPlaying ? "Pause" : "Play";
    button.setAttribute("aria-label", `${button.textContent} the examples`);
    document.querySelectorAll("#examples [data-animation]").forEach(isPlaying ? animate : stop);
  };
  button.addEventListener("click", () => play(button.textContent === "Play"));
  play(!still.matches);
}

let played;

function playVideo() {
  const player = document.getElementById("player");
  if (player === played) return; // it may have been paused
  played = player;
  if (player && !still.matches) player.play().catch(() => {}); // a browser may not allow it
}

previewOnHover();
playExamples();
playVideo();
document.addEventListener("refreshed", playVideo);

"""Worked examples of task automation: invented requests over the real tools of each domain of TaskBench.

Examples over invented tools would show the format as well, but a small model then calls the invented tools.
"""

from __future__ import annotations

from dataclasses import dataclass

from agenttts_env.tasks.toolbox import Argument, Call, Toolbox, read_arguments


@dataclass(frozen=True)
class Demonstration:
    """A request with the replies of all stages."""

    question: str
    steps: tuple[str, ...]
    calls: tuple[Call, ...]


def demonstrations(toolbox: Toolbox) -> tuple[Demonstration, ...]:
    """Those of the domain whose tools these are, the shortest first; none where no domain fits."""
    for shown in _DOMAINS:
        if all(toolbox.find(call.tool) for demonstration in shown for call in demonstration.calls):
            return shown
    return ()


def _demonstration(question: str, *calls: tuple[str, dict[str, str] | list[str]]) -> Demonstration:
    made = tuple(Call(tool, read_arguments(arguments)) for tool, arguments in calls)
    steps = tuple(
        f"Step {number}: Call {call.tool} with {' and '.join(map(_told, call.arguments))}"
        for number, call in enumerate(made, 1)
    )
    return Demonstration(question, steps, made)


def _told(argument: Argument) -> str:
    return f"{argument.name}: '{argument.value}'" if argument.name else f"'{argument.value}'"


_DOMAINS = (
    (
        _demonstration(
            "My train is late. Get me a Lyft to 9 Harbour Lane, please.",
            ("order_taxi", {"location": "9 Harbour Lane", "platform": "Lyft"}),
        ),
        _demonstration(
            "I am flying from Oslo to Madrid on March 3rd, 2024. Please book that, and text +4712345678 that I will "
            "be there for dinner.",
            ("book_flight", {"date": "2024-03-03", "from": "Oslo", "to": "Madrid"}),
            ("send_sms", {"phone_number": "+4712345678", "content": "I will be there for dinner."}),
        ),
        _demonstration(
            "What will the weather be like in Turin on 7 June 2024? Then have the robot vacuum the hall, and wake me "
            "at 6:15 am.",
            ("get_weather", {"location": "Turin", "date": "2024-06-07"}),
            ("auto_housework_by_robot", {"instruction": "vacuum the hall"}),
            ("set_alarm", {"time": "6:15 am"}),
        ),
    ),
    (
        _demonstration("What does the sign in gate.png say?", ("Image-to-Text", ["gate.png"])),
        _demonstration(
            "I have a recording of our call, call.wav. I need what was said in it, in German.",
            ("Automatic Speech Recognition", ["call.wav"]),
            ("Translation", ["<node-0>"]),
        ),
        _demonstration(
            "Draw a lighthouse in a storm, and tell me how far away everything in that picture is. And read 'Mind the "
            "rocks' out to me.",
            ("Text-to-Image", ["a lighthouse in a storm"]),
            ("Depth Estimation", ["<node-0>"]),
            ("Text-to-Speech", ["Mind the rocks"]),
        ),
    ),
    (
        _demonstration("Give colour to my grandmother's photo, wedding.jpg.", ("Image Colorizer", ["wedding.jpg"])),
        _demonstration(
            "Please take the sound of lecture.mp4 and write down what is said in it.",
            ("Video-to-Audio", ["lecture.mp4"]),
            ("Audio-to-Text", ["<node-0>"]),
        ),
        _demonstration(
            "The hum in interview.mp3 has to go. Then make the voice deeper. Also find me a video about beekeeping.",
            ("Audio Noise Reduction", ["interview.mp3"]),
            ("Voice Changer", ["<node-0>", "deeper"]),
            ("Video Search", ["beekeeping"]),
        ),
    ),
)

MOST = min(map(len, _DOMAINS))
"""How many there are for every domain."""

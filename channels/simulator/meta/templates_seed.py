"""The templates that every WABA of the simulator starts with, as the management API shows them."""

from __future__ import annotations

from channels.simulator.meta.records import Json, Template


def _body(text: str, example: Json | None = None) -> Json:
    component: Json = {"type": "BODY", "text": text}
    return {**component, "example": example} if example else component


SEED: tuple[Json, ...] = (
    {
        "name": "order_update",
        "language": "en_US",
        "category": "UTILITY",
        "components": [
            _body("Hi {{1}}, your order {{2}} is on its way.", {"body_text": [["Noa", "A-1042"]]}),
            {"type": "FOOTER", "text": "Reply to this message for help"},
        ],
    },
    {
        "name": "welcome",
        "language": "en_US",
        "category": "UTILITY",
        "components": [_body("Welcome! Write to us here whenever you need something.")],
    },
    {
        "name": "appointment_named",
        "language": "en_US",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Your appointment"},
            _body(
                "Hello {{first_name}}, we will see you on {{day}} at {{hour}}.",
                {
                    "body_text_named_params": [
                        {"param_name": "first_name", "example": "Noa"},
                        {"param_name": "day", "example": "Tuesday"},
                        {"param_name": "hour", "example": "10:00"},
                    ]
                },
            ),
        ],
    },
    {
        "name": "order_feedback",
        "language": "en_US",
        "category": "MARKETING",
        "components": [
            _body("How was your order {{1}}?", {"body_text": [["A-1042"]]}),
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Great"},
                    {"type": "QUICK_REPLY", "text": "Not good"},
                    {"type": "QUICK_REPLY", "text": "Stop promotions"},
                ],
            },
        ],
    },
)


def seed_templates(waba_id: str, first_id: int) -> list[Template]:
    """New copies of the seed for one WABA, with ids counted up from `first_id`."""
    return [
        Template(template_id=str(first_id + index), waba_id=waba_id, **item)
        for index, item in enumerate(SEED)
    ]

import json

from shop_telemetry import configure


def test_a_line_is_json_and_names_the_service(capsys):
    configure("kiosk").info("opened", till=3)
    line = json.loads(capsys.readouterr().err)
    assert (line["service"], line["event"], line["till"]) == ("kiosk", "opened", 3)
